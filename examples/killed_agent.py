"""An agent that is killed while it pays a bill, and goes on without paying it twice."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import antiphon
from simulator import use_simulator_without_key


@antiphon.tool
def pay_bill(city: str) -> str:
    """Pay the bill of a city."""
    with Path("paid.txt").open("a") as paid:
        print(city, file=paid)
    if city == "Rome" and "--first" in sys.argv:
        print("Rome is paid, but nobody knows yet", flush=True)
        sys.stdin.read()  # here the agent is killed
    return f"paid the bill of {city}"


def agent() -> None:
    runner = antiphon.Client().messages.run_tools(
        model="claude-haiku-4-5",
        max_tokens=1024,
        tools=[pay_bill],
        messages=[{"role": "user", "content": "Use pay_bill for Paris, Rome and Bern."}],
        save="agent.json",  # written at each step …
        state="agent.json",  # … and where the next run begins
    )
    print(runner.until_done().text)


def main() -> None:
    use_simulator_without_key()
    with TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).resolve()), "--agent"]
        with subprocess.Popen(
            [*command, "--first"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as first:
            assert first.stdout is not None
            print("The first agent says:", first.stdout.readline().strip())
            first.kill()
        subprocess.run(command, cwd=folder, check=True)
        print("Paid:", (Path(folder) / "paid.txt").read_text().split())


if "--agent" in sys.argv:
    agent()
else:
    main()
