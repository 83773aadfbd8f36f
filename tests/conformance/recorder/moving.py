"""What a Django project prints of its settings for `hallpass import-settings`."""

import os
import subprocess
import sys
from pathlib import Path

CONFORMANCE = Path(__file__).parent.parent
PROJECT = CONFORMANCE / "django"


def moving() -> int:
    """Records anew what the project in `django/moving` prints."""
    program = (PROJECT / "moving" / "print_settings.py").read_text()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "moving.settings"}
    shell = [sys.executable, "manage.py", "shell", "-c", program]
    printed = subprocess.run(shell, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE).stdout
    (CONFORMANCE / "moving" / "printed.json").write_bytes(printed)
    return 0
