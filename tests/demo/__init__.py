"""The demo's own tests: an audit that nothing fails would prove nothing."""
