"""The alerts stage: enriched articles to stories, and to one alert for each story and tracked name.

`stage` is the stage; `matcher` finds the names of the watchlist in an article; `state` is what the stage remembers,
which it learns from the topics it writes; `growth` makes alerts and lets them grow.

A match is made in steps: `occurrences` says where the `forms` of names stand, `boilerplate` what of a text is not the
article, `judging` whether the tracked one is meant (`other_names`, `other_kinds`), `context` and `speaking` how it
occurs.
"""
