"""A support chat that looks up orders, and asks you before it pays money back.

Type your questions; without a terminal, three questions are asked for you.
"""

import sys
from collections.abc import Iterator

import antiphon
from antiphon.types import ToolUseBlock
from simulator import use_simulator_without_key

ORDERS = {"A-17": "two lamps, delivered on Monday", "A-18": "one chair, on its way"}
QUESTIONS = ("Hello!", 'What did I buy? Use find_order for "A-17".', 'Use pay_back for "A-17".')


@antiphon.tool
def find_order(number: str) -> str:
    """Tell what was ordered, and where it is.

    Args:
        number: the number of the order, such as A-17.
    """
    return ORDERS.get(number) or f"There is no order {number}."


@antiphon.tool
def pay_back(number: str) -> str:
    """Pay the price of an order back."""
    return f"The price of {number} was paid back."


def approve(call: ToolUseBlock) -> bool | str:
    """Let a person decide about money."""
    if call.name != "pay_back":
        return True
    if not sys.stdin.isatty():
        return "Nobody is here to allow it."
    return input(f"\nPay back {call.input}? [y/n] ") == "y"


def questions() -> Iterator[str]:
    if sys.stdin.isatty():
        while line := input("> "):
            yield line
    else:
        for line in QUESTIONS:
            print(">", line)
            yield line


use_simulator_without_key()
chat = antiphon.Conversation(
    antiphon.Client(),
    model="claude-haiku-4-5",
    max_tokens=1024,
    system="You help the customers of a shop. Be kind and brief.",
    tools=[find_order, pay_back],
    approve=approve,
    max_turns=10,
)
for question in questions():
    try:
        with chat.stream(question) as turn:
            for stream in turn:
                for text in stream.text_stream:
                    print(text, end="", flush=True)
                print()
    except antiphon.APIError as error:
        print(f"\nThat did not work, please ask again: {error}")
if chat.usage:
    print(f"{len(chat.messages)} messages, {chat.usage.total_input_tokens} tokens read")
