"""Let Claude fetch several pages at once, each within a time limit."""

import asyncio
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread
from urllib.parse import quote, unquote
from urllib.request import urlopen

import antiphon
from simulator import use_simulator_without_key

PLACES = ("Paris", "Rome", "Bern")
all_here = Barrier(len(PLACES))


class Pages(BaseHTTPRequestHandler):
    """A small site: each page is sent when all of them are asked for."""

    def do_GET(self) -> None:
        all_here.wait(10)
        page = f"<h1>{unquote(self.path[1:])}</h1> sunny".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@antiphon.tool
def fetch_page(city: str) -> str:
    """Fetch the page about a city."""
    # A plain function: the runner calls it in a thread, so that others run meanwhile.
    with urlopen(f"http://127.0.0.1:{site.server_port}/{quote(city)}") as response:
        return str(response.read().decode())


async def main() -> None:
    async with antiphon.AsyncClient() as client:
        runner = client.messages.run_tools(
            model="claude-haiku-4-5",
            max_tokens=1024,
            tools=[fetch_page],
            messages=[{"role": "user", "content": "Use fetch_page for Paris, Rome and Bern."}],
            concurrency=5,
            tool_timeout=10,
            on_result=lambda call, result: print(call.input["city"], "->", result.get("content")),
        )
        print((await runner.until_done()).text)


use_simulator_without_key()
site = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
Thread(target=site.serve_forever, daemon=True).start()
asyncio.run(main())
site.shutdown()
site.server_close()
