"""``python -m stage_10_integration.commands`` is the ``story`` command."""

from stage_10_integration.commands import main

main()
