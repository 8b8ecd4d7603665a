"""The official Python SDK of Anthropic, against both engines."""

import anthropic
import pytest
from anthropic import beta_tool
from conftest import CITY_SCHEMA, MODEL, PNG, THREE_STEPS

WEATHER = {"name": "get_weather", "description": "Weather of a city", "input_schema": CITY_SCHEMA}


def user(content):
    return {"role": "user", "content": content}


@pytest.fixture
def client(world):
    with anthropic.Anthropic(base_url=world.url, api_key=world.key, max_retries=0) as client:
        yield client


def create(client, content, **more):
    return client.messages.create(**{"model": MODEL, "max_tokens": 500, "messages": [user(content)], **more})


def test_answers_with_usage_and_passes_the_system_prompt_on(world, client):
    message = create(client, "[[text:Fine, thank you]] How are you?", system=[{"type": "text", "text": "Be terse."}, {"type": "text", "text": "Be kind."}])
    assert [(block.type, block.text) for block in message.content] == [("text", "Fine, thank you")]
    assert (message.stop_reason, message.model, message.usage.output_tokens) == ("end_turn", MODEL, 3)
    assert message._request_id.startswith("req_")
    assert len(world.arrived()) == 1
    # Claude Code makes one block of several.
    assert "\n\n".join(world.last()["system"]) == "Be terse.\n\nBe kind."
    assert world.words() == [("user", "[[text:Fine, thank you]] How are you?")]


def test_streams_piece_by_piece_with_usage(world, client):
    with client.messages.stream(model=MODEL, max_tokens=500, messages=[user("[[text:jeden dva tři 🐎]]")]) as stream:
        texts = list(stream.text_stream)
        message = stream.get_final_message()
    assert len(texts) > 2
    assert "".join(texts) == "jeden dva tři 🐎"
    assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 4)
    assert message.usage.input_tokens + message.usage.cache_creation_input_tokens > 0
    assert len(world.arrived()) == 1


def test_continues_a_conversation(world, client):
    messages = []
    for word in ("one", "two", "three"):
        messages.append(user(f"[[text:{word}!]]"))
        answer = client.messages.create(model=MODEL, max_tokens=500, system="Count.", messages=messages)
        messages.append({"role": "assistant", "content": answer.content})
    assert len(world.arrived()) == 3
    assert world.last()["system"] == ["Count."]
    assert world.words() == [("user", "[[text:one!]]"), ("assistant", "one!"), ("user", "[[text:two!]]"), ("assistant", "two!"), ("user", "[[text:three!]]")]


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop_with_parallel_calls_and_another_step(world, client, streamed):
    request = {"model": MODEL, "max_tokens": 500, "tools": [WEATHER], "messages": [user(THREE_STEPS)]}
    seen = []
    while True:
        if streamed:
            with client.messages.stream(**request) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**request)
        calls = [block for block in message.content if block.type == "tool_use"]
        seen.append((message.stop_reason, [call.input["city"] for call in calls]))
        if not calls:
            break
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"sunny in {call.input['city']}"} for call in calls]
        request["messages"] += [{"role": "assistant", "content": message.content}, user(results)]
    assert seen == [("tool_use", ["Prague", "Brno"]), ("tool_use", ["Oslo"]), ("end_turn", [])]
    assert message.content[0].text == "All sunny"
    world.expect_three_steps(lambda city: f"sunny in {city}")


@pytest.mark.parametrize("streamed", [False, True])
def test_its_tool_runner_runs_to_the_end(world, client, streamed):
    @beta_tool
    def get_weather(city: str) -> str:
        """Weather of a city"""
        return f"sunny in {city}"

    runner = client.beta.messages.tool_runner(model=MODEL, max_tokens=500, tools=[get_weather], messages=[user(THREE_STEPS)], stream=streamed)
    assert runner.until_done().content[0].text == "All sunny"
    world.expect_three_steps(lambda city: f"sunny in {city}")


def test_forces_a_tool(world, client):
    message = create(client, "Weather?", tools=[WEATHER], tool_choice={"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True})
    assert [block.name for block in message.content] == ["get_weather"]
    assert world.last()["body"]["tool_choice"] == {"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True}


def test_gets_structured_output(world, client):
    message = create(client, "Where?", output_config={"format": {"type": "json_schema", "schema": CITY_SCHEMA}})
    assert '"city"' in message.content[0].text
    assert world.last()["body"]["output_config"]["format"] == {"type": "json_schema", "schema": CITY_SCHEMA}


def test_sends_pictures(world, client):
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    create(client, [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}])
    assert world.words() == [("user", "What is this?", "image")]
    assert world.last()["dialogue"][0]["content"][1]["source"] == source


def test_gets_thinking_and_gives_its_signature_back(world, client):
    thinking = {"type": "enabled", "budget_tokens": 2000}
    first = create(client, '[[think:Let me see]] [[tool:get_weather {"city":"Brno"}]] [[then]] [[think:So]] [[text:Yes]]', max_tokens=4000, thinking=thinking, tools=[WEATHER])
    assert [block.type for block in first.content] == ["thinking", "tool_use"]
    assert (first.content[0].thinking, bool(first.content[0].signature)) == ("Let me see", True)
    results = [{"type": "tool_result", "tool_use_id": first.content[1].id, "content": "sunny"}]
    messages = [{"role": "assistant", "content": first.content}, user(results)]
    before = world.last()["body"]["messages"][:1]
    second = client.messages.create(model=MODEL, max_tokens=4000, thinking=thinking, tools=[WEATHER], messages=before + messages)
    assert [block.type for block in second.content] == ["thinking", "text"]
    thought = world.last()["dialogue"][1]["content"][0]
    assert (thought["thinking"], thought["signature"]) == ("Let me see", first.content[0].signature)
    assert world.last()["body"]["thinking"]["budget_tokens"] == 2000


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (413, anthropic.APIStatusError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
def test_typed_errors_of_the_upstream(world, client, status, kind, streamed):
    world.fail(status)
    with pytest.raises(kind) as caught:
        create(client, "Hi", stream=streamed)
    assert caught.value.status_code == status
    assert caught.value.body["type"] == "error" and caught.value.body["error"]["message"]
    assert caught.value.request_id.startswith("req_")


def test_a_limit_says_when_to_come_back(world, client):
    world.fail(429)
    with pytest.raises(anthropic.RateLimitError) as caught:
        create(client, "Hi")
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    if world.engine == "anthropic-api":
        assert caught.value.response.headers["retry-after"] == "17"


def test_a_wrong_key_is_refused_in_both_headers(world, client):
    for login in ({"api_key": "wrong"}, {"api_key": None, "auth_token": "wrong"}):
        with anthropic.Anthropic(base_url=world.url, max_retries=0, **login) as stranger, pytest.raises(anthropic.AuthenticationError):
            create(stranger, "Hi")
    assert world.arrived() == []
    with anthropic.Anthropic(base_url=world.url, max_retries=0, auth_token=world.key) as bearer:
        assert create(bearer, "[[text:fine]]").content[0].text == "fine"


@pytest.mark.parametrize("kind", ["overloaded_error", "api_error"])
def test_an_error_in_mid_stream_is_an_error(client, kind):
    texts = []
    with pytest.raises(anthropic.APIError) as caught, client.messages.stream(
        model=MODEL, max_tokens=500, messages=[user(f"[[text:one two three four]] [[error-mid:{kind} after=2]]")]
    ) as stream:
        texts.extend(stream.text_stream)
    assert caught.value.body["error"]["type"] == kind


def test_leaving_in_mid_stream_leaves_the_upstream(world, client):
    with client.messages.stream(model=MODEL, max_tokens=500, messages=[user("[[text:one two three]] [[hang:2]]")]) as stream:
        next(iter(stream.text_stream))
    world.wait_until_left()
    assert create(client, "[[text:fine]]").content[0].text == "fine"


def test_counts_tokens(client):
    short = client.messages.count_tokens(model=MODEL, messages=[user("Hi")]).input_tokens
    long = client.messages.count_tokens(model=MODEL, system="Be nice.", tools=[WEATHER], messages=[user("Hi " * 200)]).input_tokens
    assert 0 < short < long - 100


def test_lists_models(client):
    ids = [model.id for model in client.models.list(limit=100)]
    assert {"claude-opus-5-5", MODEL} <= set(ids)
    assert client.models.retrieve(MODEL).type == "model"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("nothing")
