"""The servers of test/clients/serve.ts, one for each engine, and what reached the upstream behind them."""

import json
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

MODEL = "claude-sonnet-4-5-20250929"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CITY_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
# Two calls at once, one more after their results, then words.
THREE_STEPS = (
    '[[tool:get_weather {"city":"Prague"}]] [[tool:get_weather {"city":"Brno"}]] '
    '[[then]] [[tool:get_weather {"city":"Oslo"}]] [[then]] [[text:All sunny]]'
)


class World:
    """One engine's server (`url`, `key`) and the record of its upstream."""

    def __init__(self, engine, url, key, control):
        self.engine, self.url, self.key, self._control = engine, url, key, control

    def _ask(self, action, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self._control}/{self.engine}/{action}", data=data)) as answer:
            return json.load(answer)

    def clear(self):
        self._ask("clear", {})

    def fail(self, status):
        """From now on the upstream fails, and says that asking again is of no use."""
        self._ask("failure", {"status": status, "headers": {"x-should-retry": "false", **({"retry-after": "17"} if status == 429 else {})}})

    def arrived(self):
        """The Messages requests of this test, oldest first: body, system, dialogue, aborted, completed."""
        return self._ask("requests")

    def last(self):
        return self.arrived()[-1]

    def words(self):
        """The last dialogue in short: ("user", "Hi"), a block without text as its type."""
        return [(m["role"], *(block.get("text") or block["type"] for block in m["content"])) for m in self.last()["dialogue"]]

    def wait_until_left(self):
        """Until the upstream has seen every request being left; the bound is the one of the whole run."""
        while not (requests := self.arrived()) or not all(request["aborted"] for request in requests):
            time.sleep(0.02)

    def expect_three_steps(self, result_of):
        """Three requests arrived, the last with every call and its result, in order."""
        assert len(self.arrived()) == 3
        dialogue = self.last()["dialogue"]
        assert [message["role"] for message in dialogue] == ["user", "assistant", "user", "assistant", "user"]
        blocks = [block for message in dialogue for block in message["content"]]
        calls = [block for block in blocks if block["type"] == "tool_use"]
        assert [call["input"] for call in calls] == [{"city": "Prague"}, {"city": "Brno"}, {"city": "Oslo"}]
        results = [(block["tool_use_id"], text_of(block["content"])) for block in blocks if block["type"] == "tool_result"]
        assert results == [(call["id"], result_of(call["input"]["city"])) for call in calls]
        for request in self.arrived():
            assert [tool["name"] for tool in request["body"]["tools"]] == ["get_weather"]


def text_of(content):
    return content if isinstance(content, str) else "".join(block["text"] for block in content)


@pytest.fixture(scope="session")
def servers():
    program = subprocess.Popen(["node", Path(__file__).parent.parent / "serve.ts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = program.stdout.readline()
    assert line, "the servers have not started"
    yield json.loads(line)
    program.stdin.close()
    assert program.wait(timeout=30) == 0


@pytest.fixture(params=["anthropic-api", "claude-code"])
def world(request, servers):
    world = World(request.param, servers["engines"][request.param], servers["key"], servers["control"])
    world.clear()
    return world


def pytest_terminal_summary(terminalreporter):
    count = {outcome: len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error")}
    terminalreporter.write_line(f"{count['passed']} passed, {count['failed'] + count['error']} failed")
