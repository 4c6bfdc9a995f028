"""From cause to plan, guardrails, apply, verify, roll back."""
