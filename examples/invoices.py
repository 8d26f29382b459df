"""Read invoices that are PDFs into dataclasses: those on the command line, or one made here."""

import sys
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import antiphon
from simulator import use_simulator_without_key


@dataclass
class Line:
    text: str
    count: int
    price: Decimal


@dataclass
class Invoice:
    """An invoice, as it is printed. Prices are in the currency of the invoice."""

    number: str
    seller: str
    day: date
    lines: list[Line]
    total: Decimal
    taxes: dict[str, Decimal] = field(default_factory=dict[str, Decimal])

    @property
    def is_right(self) -> bool:
        """Whether the lines and the taxes add up to the total."""
        net = sum((line.count * line.price for line in self.lines), Decimal(0))
        return net + sum(self.taxes.values(), Decimal(0)) == self.total


INVOICE = (
    "Lamps Ltd, invoice 2026-117, 3 November 2026",
    "2 x lamp Luna, 40.00 each",
    "1 x cable, 5.50",
    "tax 8 %: 6.84",
    "total 92.34 EUR",
)


def drawn(lines: tuple[str, ...]) -> bytes:
    """Return a PDF of one page with these lines."""
    text = "\n".join(f"({line}) Tj T*" for line in lines)
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    page = f"/MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 {font} >> >>"
    content = f"BT /F1 12 Tf 16 TL 50 780 Td\n{text}\nET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R {page} >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
    )
    made = b"%PDF-1.4\n"
    places: list[int] = []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()


use_simulator_without_key()
client = antiphon.Client()
documents = {path: antiphon.document(path) for path in sys.argv[1:]} or {
    "drawn here": antiphon.document(drawn(INVOICE), title="Invoice")
}

for name, document in documents.items():
    try:
        message = client.messages.parse(
            model="claude-haiku-4-5",
            max_tokens=2048,
            output_format=Invoice,
            retries=1,
            messages=[
                {"role": "user", "content": [document, {"type": "text", "text": "Read it."}]}
            ],
        )
    except antiphon.OutputError as error:
        print(f"{name}: {error}")
        continue
    invoice = message.output
    print(f"{name}: {invoice.seller}, number {invoice.number}, {invoice.day}")
    for line in invoice.lines:
        print(f"  {line.count} x {line.text}: {line.price}")
    print(f"  total {invoice.total}", "" if invoice.is_right else "(it does not add up)")
