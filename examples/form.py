"""Fill a form while Claude reads a letter: each field is shown as soon as it is known."""

import sys
from dataclasses import dataclass, fields
from typing import Annotated, Literal

from pydantic import Field

import antiphon
from simulator import use_simulator_without_key

LETTER = """\
Dear Sir or Madam,
on 2026-11-03 I bought a lamp from you, order A-17. It arrived broken. Please send me another one.
Anna Berg, Lindenweg 4, 3006 Bern
"""


@dataclass
class Complaint:
    """What a customer complains about."""

    name: str
    address: str
    order: Annotated[str, Field(description="The number of the order.")]
    bought: Annotated[str, Field(description="The day, as in 2026-11-25.")]
    wants: Literal["money back", "another one", "a repair", "something else"]
    summary: Annotated[str, Field(max_length=200)]


use_simulator_without_key()
client = antiphon.Client()
names = [field.name for field in fields(Complaint)]
shown: dict[str, str] = {}

with client.messages.stream(
    model="claude-haiku-4-5",
    max_tokens=1024,
    output_format=Complaint,
    messages=[{"role": "user", "content": f"Fill in the form.\n\n{LETTER}"}],
) as stream:
    for form in stream.partial_outputs:
        if sys.stdout.isatty():  # draw the form again, over the one before
            if shown:
                print(f"\033[{len(names)}A", end="")
            shown = {name: str(form.get(name, "…")) for name in names}
            for name, value in shown.items():
                print(f"\033[K{name:>8}: {value}")
        elif new := form.keys() - shown.keys():
            shown |= dict.fromkeys(new, "")
            print("now known:", ", ".join(sorted(new)))
    complaint = stream.get_final_message().output

print(complaint)
