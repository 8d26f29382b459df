"""What a test says that the local server shall do: rules, what they match and give, and faults.

`antiphon.local` and `antiphon.testing` export what people use. Nothing here reads a file or waits.
"""
