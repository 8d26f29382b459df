"""Let Claude answer a question about a database by writing SQL; it may read, and not write."""

import sqlite3

import antiphon
from antiphon.types import ToolUseBlock
from simulator import use_simulator_without_key

database = sqlite3.connect(":memory:")
database.executescript("""
    CREATE TABLE orders (customer TEXT, cents INTEGER);
    INSERT INTO orders VALUES ('Ada', 1250), ('Grace', 300), ('Ada', 4200);
""")


@antiphon.tool
def list_tables() -> list[str]:
    """List the tables of the database, each as the statement that created it."""
    return [sql for (sql,) in database.execute("SELECT sql FROM sqlite_schema")]


@antiphon.tool
def run_query(sql: str) -> list[dict[str, object]]:
    """Run a query and return its rows.

    Args:
        sql: a SELECT statement.
    """
    try:
        rows = database.execute(sql)
    except sqlite3.Error as error:
        raise antiphon.ToolError(f"{error}; list_tables shows what there is") from error
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def only_reads(call: ToolUseBlock) -> bool | str:
    sql = str(call.input.get("sql", "select")).strip().lower()
    return sql.startswith("select") or "this database is read-only; use SELECT"


QUESTION = (
    "Who spent most? First use list_tables, then use run_query with"
    ' sql="SELECT customer FROM orders GROUP BY customer ORDER BY SUM(cents) DESC".'
)

use_simulator_without_key()
client = antiphon.Client()
runner = client.messages.run_tools(
    model="claude-haiku-4-5",
    max_tokens=1024,
    tools=[list_tables, run_query],
    messages=[{"role": "user", "content": QUESTION}],
    approve=only_reads,
    on_result=lambda call, result: print(f"{call.name} {call.input}: {result.get('content')}"),
    max_turns=6,
)
print(runner.until_done().text)
print("It ended with", runner.stop_reason, "after", runner.turns, "messages.")
