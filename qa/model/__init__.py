"""The reader's weights and tokenizer, a standard Hugging Face folder; README.md is its card."""
