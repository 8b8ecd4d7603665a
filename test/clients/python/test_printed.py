"""The Python of README.md and docs/CLIENTS.md, as it is printed but for the address and the key."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [(ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/CLIENTS.md")]
PRINTED = [code for page in PAGES for code in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)]


def test_something_is_printed():
    assert len(PRINTED) >= 3


@pytest.mark.parametrize("code", PRINTED)
def test_runs_as_printed(world, code):
    here = code.replace("http://127.0.0.1:8080", world.url).replace('api_key="any"', f'api_key="{world.key}"')
    ran = subprocess.run([sys.executable, "-c", here], capture_output=True, text=True, timeout=60, check=True)
    assert "Demo upstream (no model): you said: Hello" in ran.stdout
