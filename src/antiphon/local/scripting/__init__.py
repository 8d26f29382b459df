"""What a test says that the local server shall reply: rules, what they match and what they give.

`antiphon.local` and `antiphon.testing` export what people use. Nothing here reads a file or waits.
"""
