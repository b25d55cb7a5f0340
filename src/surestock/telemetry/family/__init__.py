"""The families of metrics, by what they tell of, in the form that prometheus-client takes."""
