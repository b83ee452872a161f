"""Networks that answer prompts with masks: an encoder sees the picture once, a decoder answers each click."""
