"""Set-up of a DMS and its Configuration Service, in steps that say what they do and change.

Each step is an async generator of StepRows. It ends with the first row that has failed, and raises
nothing for what a service answers.
"""
