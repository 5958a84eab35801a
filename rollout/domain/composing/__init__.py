"""The composer's core: which agencies go in which waves, by OR-Tools CP-SAT. Plain data in, plain data out.

Nothing here knows of Django, the database or words for people: `rollout.domain.compositions` asks, and
`rollout.domain.composition_words` tells. docs/composer.md says what is weighed, and how.
"""
