"""The Python of README.md, as it is printed but for the address and the key."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
PRINTED = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_something_is_printed():
    assert PRINTED


@pytest.mark.parametrize("code", PRINTED)
def test_runs_as_printed(world, code):
    here = code.replace("http://127.0.0.1:8080", world.url).replace('api_key="any"', f'api_key="{world.key}"')
    ran = subprocess.run([sys.executable, "-c", here], capture_output=True, text=True, timeout=60, check=True)
    assert "Demo upstream (no model): you said: Hello" in ran.stdout
