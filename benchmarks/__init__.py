"""What is measured: the quality of quotes on the annotated corpus, and speed beside a yardstick in the same run."""
