"""One question to Claude, by OpenAI's SDK."""

import sys

from openai import OpenAI

question = sys.argv[1] if len(sys.argv) > 1 else "Say hello in Czech."

client = OpenAI()  # OPENAI_BASE_URL, OPENAI_API_KEY
answer = client.chat.completions.create(model="sonnet", messages=[{"role": "user", "content": question}])
print(answer.choices[0].message.content)
