"""crewai: its language model alone, and a crew of one."""

from __future__ import annotations

from crewai import LLM, Agent, Crew, Task

MODEL = "anthropic/claude-haiku-4-5"


def call() -> None:
    assert LLM(model=MODEL, max_tokens=500).call("Hello")


def stream() -> None:
    assert LLM(model=MODEL, max_tokens=500, stream=True).call("Hello")


def tools() -> None:
    weather = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
    made = LLM(model=MODEL, max_tokens=500).call(
        "What is the weather in Paris?",
        tools=[weather],
        available_functions={"get_weather": lambda city: f"Sunny in {city}."},
    )
    assert "Sunny" in str(made)


def crew() -> None:
    agent = Agent(role="Greeter", goal="Greet", backstory="Polite.", llm=LLM(model=MODEL))
    task = Task(description="Say hello.", expected_output="A greeting.", agent=agent)
    assert Crew(agents=[agent], tasks=[task]).kickoff().raw
