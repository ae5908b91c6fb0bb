"""The starter articles, in Markdown; `footnote chat` indexes them on its first start."""
