-- Logs of programs that watch calls from the side: they know the model, not always who served it.
CREATE MACRO server_of(model) AS CASE
    WHEN regexp_matches(model, '^(claude|.*anthropic[./])', 'i') THEN claude_server(model)
    WHEN regexp_matches(model, '^(gpt|chatgpt|o[0-9]|text-embedding|codex)', 'i') THEN 'openai'
    WHEN regexp_matches(model, '^gemini', 'i') THEN 'gcp'
    WHEN regexp_matches(model, '^(mistral|codestral|ministral)', 'i') THEN 'mistral'
END;

-- Input tokens without the cached ones. Where the total says that they are counted apart already,
-- or says nothing, they stay as they are.
CREATE MACRO input_apart(input, cached, written, output, total) AS CASE
    WHEN is_count(input) AND is_count(total) AND is_count(coalesce(output, '0'))
        AND input::BIGINT + coalesce(output, '0')::BIGINT = total::BIGINT
        THEN count_without(count_without(input, cached), written)
    ELSE input
END;
