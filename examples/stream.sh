#!/usr/bin/env bash
# A streamed answer with curl: one line `data: {…}` for each piece, and at the end `data: [DONE]`. The question is of letters
# and spaces here; a program would encode it as JSON.
set -euo pipefail
question="${1:-Say hello in Czech.}"

curl --no-buffer --silent --show-error --fail-with-body "$OPENAI_BASE_URL/chat/completions" \
  -H "authorization: Bearer $OPENAI_API_KEY" -H 'content-type: application/json' \
  -d '{"model":"sonnet","stream":true,"messages":[{"role":"user","content":"'"$question"'"}]}'
