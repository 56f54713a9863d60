"""What computes the next word for a voice of a language model: transformers, ONNX Runtime or llama.cpp."""

__all__: list[str] = []
