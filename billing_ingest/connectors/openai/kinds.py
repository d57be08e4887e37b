"""What the usage API of OpenAI can be asked for, and by what each kind may be grouped."""

from dataclasses import dataclass

IN_TOKENS = "input_tokens"
BY_PERSON = ("project_id", "user_id", "api_key_id")


@dataclass(frozen=True)
class Kind:
    """A kind of usage: its endpoint, how its results call themselves, what they count."""

    name: str
    object: str
    field: str
    groups: tuple[str, ...]

    @property
    def groupings(self) -> tuple[tuple[str, ...], ...]:
        """By what to ask for it, the finest first; an organisation may refuse some."""
        without_users = tuple(group for group in self.groups if group != "user_id")
        return (self.groups, without_users, ("project_id",), ())


KINDS = (
    Kind("completions", "completions", IN_TOKENS, (*BY_PERSON, "model", "batch", "service_tier")),
    Kind("embeddings", "embeddings", IN_TOKENS, (*BY_PERSON, "model")),
    Kind("moderations", "moderations", IN_TOKENS, (*BY_PERSON, "model")),
    Kind("images", "images", "images", (*BY_PERSON, "model", "size", "source")),
    Kind("audio_speeches", "audio_speeches", "characters", (*BY_PERSON, "model")),
    Kind("audio_transcriptions", "audio_transcriptions", "seconds", (*BY_PERSON, "model")),
    Kind("vector_stores", "vector_stores", "usage_bytes", ("project_id",)),
    Kind("code_interpreter_sessions", "code_interpreter_sessions", "num_sessions", ("project_id",)),
    Kind("file_search_calls", "file_searches", "num_requests", (*BY_PERSON, "vector_store_id")),
    Kind(
        "web_search_calls", "web_searches", "num_requests", (*BY_PERSON, "model", "context_level")
    ),
)
