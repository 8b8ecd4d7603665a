"""The official Python SDK of OpenAI, against both engines."""

import json

import openai
import pytest
from conftest import CITY_SCHEMA, MODEL, PNG, THREE_STEPS
from pydantic import BaseModel

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": CITY_SCHEMA}}


def user(content):
    return {"role": "user", "content": content}


@pytest.fixture
def client(world):
    with openai.OpenAI(base_url=f"{world.url}/v1", api_key=world.key, max_retries=0) as client:
        yield client


def test_answers_with_usage_and_passes_the_system_prompt_on(world, client):
    messages = [{"role": "system", "content": "Be terse."}, user("[[text:Fine, thank you]] How are you?")]
    completion = client.chat.completions.create(model="gpt-4o", messages=messages)
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == ("Fine, thank you", "stop")
    assert completion.model == MODEL
    assert completion.usage.completion_tokens == 3
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + 3
    assert len(world.arrived()) == 1
    assert world.last()["system"] == ["Be terse."]
    assert world.words() == [("user", "[[text:Fine, thank you]] How are you?")]


def test_streams_piece_by_piece_with_usage(world, client):
    stream = client.chat.completions.create(model=MODEL, messages=[user("[[text:jeden dva tři 🐎]]")], stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert len(texts) > 2
    assert "".join(texts) == "jeden dva tři 🐎"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason] == ["stop"]
    assert (chunks[-1].choices, chunks[-1].usage.completion_tokens) == ([], 4)
    assert len(world.arrived()) == 1


def test_continues_a_conversation(world, client):
    messages = [{"role": "developer", "content": "Count."}]
    for word in ("one", "two", "three"):
        messages.append(user(f"[[text:{word}!]]"))
        messages.append(client.chat.completions.create(model=MODEL, messages=messages).choices[0].message)
    assert len(world.arrived()) == 3
    assert world.last()["system"] == ["Count."]
    assert world.words() == [("user", "[[text:one!]]"), ("assistant", "one!"), ("user", "[[text:two!]]"), ("assistant", "two!"), ("user", "[[text:three!]]")]


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop_with_parallel_calls_and_another_step(world, client, streamed):
    messages = [user(THREE_STEPS)]
    seen = []
    while True:
        if streamed:
            with client.chat.completions.stream(model=MODEL, messages=messages, tools=[WEATHER]) as stream:
                choice = stream.get_final_completion().choices[0]
        else:
            choice = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0]
        messages.append(choice.message.to_dict())
        calls = choice.message.tool_calls or []
        seen.append((choice.finish_reason, [json.loads(call.function.arguments)["city"] for call in calls]))
        if not calls:
            break
        for call in calls:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": f"sunny in {json.loads(call.function.arguments)['city']}"})
    assert seen == [("tool_calls", ["Prague", "Brno"]), ("tool_calls", ["Oslo"]), ("stop", [])]
    assert choice.message.content == "All sunny"
    world.expect_three_steps(lambda city: f"sunny in {city}")


def test_forces_a_tool(world, client):
    choice = {"type": "function", "function": {"name": "get_weather"}}
    completion = client.chat.completions.create(model=MODEL, messages=[user("Weather?")], tools=[WEATHER], tool_choice=choice)
    assert completion.choices[0].message.tool_calls[0].function.name == "get_weather"
    assert world.last()["body"]["tool_choice"]["type"] == "tool"
    assert world.last()["body"]["tool_choice"]["name"] == "get_weather"


def test_parses_structured_output(world, client):
    class Place(BaseModel):
        city: str

    completion = client.chat.completions.parse(model=MODEL, messages=[user("Where?")], response_format=Place)
    assert isinstance(completion.choices[0].message.parsed, Place)
    output = world.last()["body"]["output_config"]["format"]
    assert (output["type"], output["schema"]["required"]) == ("json_schema", ["city"])


def test_sends_pictures(world, client):
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]
    client.chat.completions.create(model=MODEL, messages=[user(content)])
    assert world.words() == [("user", "What is this?", "image")]
    assert world.last()["dialogue"][0]["content"][1]["source"] == {"type": "base64", "media_type": "image/png", "data": PNG}


@pytest.mark.parametrize("streamed", [False, True])
def test_gets_thinking(world, client, streamed):
    request = {"model": MODEL, "messages": [user("[[think:Let me see]] [[text:Yes]]")], "reasoning_effort": "low"}
    if streamed:
        deltas = [chunk.choices[0].delta for chunk in client.chat.completions.create(**request, stream=True)]
        thoughts = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
        text = "".join(delta.content or "" for delta in deltas)
    else:
        message = client.chat.completions.create(**request).choices[0].message
        thoughts, text = message.reasoning_content, message.content
    assert (thoughts, text) == ("Let me see", "Yes")
    thinking = world.last()["body"]["thinking"]
    assert (thinking["type"], thinking["budget_tokens"]) == ("enabled", 4096)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, openai.BadRequestError), (401, openai.AuthenticationError), (403, openai.PermissionDeniedError), (404, openai.NotFoundError), (500, openai.InternalServerError), (529, openai.InternalServerError)],
)
def test_typed_errors_of_the_upstream(world, client, status, kind, streamed):
    world.fail(status)
    with pytest.raises(kind) as caught:
        client.chat.completions.create(model=MODEL, messages=[user("Hi")], stream=streamed)
    assert caught.value.status_code == status
    assert caught.value.type and caught.value.body["message"]


def test_a_limit_says_when_to_come_back(world, client):
    world.fail(429)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=[user("Hi")])
    assert caught.value.code == "rate_limit_exceeded"
    if world.engine == "anthropic-api":
        assert caught.value.response.headers["retry-after"] == "17"


def test_a_wrong_key_and_a_model_that_does_not_exist(world, client):
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").chat.completions.create(model=MODEL, messages=[user("Hi")])
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nothing")
    assert caught.value.code == "model_not_found"
    assert world.arrived() == []


def test_a_wrong_parameter_is_named(world, client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=[user("Hi")], n=2)
    assert caught.value.param == "n"
    assert world.arrived() == []


@pytest.mark.parametrize("kind", ["overloaded_error", "api_error"])
def test_an_error_in_mid_stream_is_an_error(client, kind):
    stream = client.chat.completions.create(model=MODEL, messages=[user(f"[[text:one two three four]] [[error-mid:{kind} after=2]]")], stream=True)
    texts = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in stream:
            texts.append(chunk.choices[0].delta.content or "")
            assert chunk.choices[0].finish_reason is None
    assert "".join(texts).startswith("one")
    assert caught.value.message


def test_leaving_in_mid_stream_leaves_the_upstream(world, client):
    stream = client.chat.completions.create(model=MODEL, messages=[user("[[text:one two three]] [[hang:2]]")], stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    world.wait_until_left()
    completion = client.chat.completions.create(model=MODEL, messages=[user("[[text:fine]]")])
    assert completion.choices[0].message.content == "fine"


def test_lists_models(client):
    ids = [model.id for model in client.models.list()]
    assert {"claude-opus-5-5", MODEL, "gpt-4o"} <= set(ids)
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


@pytest.mark.anyio
async def test_the_asynchronous_client_streams_several_at_once(world, anyio_backend):
    import anyio

    words = ["one", "two", "three"]
    answers = {}

    async def ask(client, word):
        stream = await client.chat.completions.create(model=MODEL, messages=[user(f"[[text:{word} {word}]]")], stream=True)
        answers[word] = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async with openai.AsyncOpenAI(base_url=f"{world.url}/v1", api_key=world.key, max_retries=0) as client, anyio.create_task_group() as group:
        for word in words:
            group.start_soon(ask, client, word)
    assert answers == {word: f"{word} {word}" for word in words}
    assert len(world.arrived()) == 3


@pytest.fixture
def anyio_backend():
    return "asyncio"
