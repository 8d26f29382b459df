"""What the local server says without a script: the message that a request gets.

`reply.make_reply` is the way in; the endpoints call it for requests that passed every rule.
Nothing here refuses a request, waits, or keeps anything between requests.
"""
