"""A loop with a tool: Claude asks for it, this program runs it, until there is an answer in words."""

import json
import sys

from openai import OpenAI

question = sys.argv[1] if len(sys.argv) > 1 else "Do I need an umbrella in Prague?"

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather in a city, now",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def weather(city):
    return f"Rain in {city}, 12 degrees"


client = OpenAI()  # OPENAI_BASE_URL, OPENAI_API_KEY
messages = [{"role": "user", "content": question}]
while True:
    message = client.chat.completions.create(model="sonnet", messages=messages, tools=TOOLS).choices[0].message
    messages.append(message)
    if not message.tool_calls:
        break
    for call in message.tool_calls:
        result = weather(**json.loads(call.function.arguments))
        print(f"{call.function.name}: {result}")
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
print(message.content)
