"""The engine behind a wire: any server that speaks the OpenAI protocol."""
