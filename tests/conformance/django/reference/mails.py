"""Where the mails go: into a folder, a file each."""

import time
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class FolderBackend(BaseEmailBackend):
    """Writes what Django's SMTP backend would send."""

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        for message in email_messages:
            path = Path(settings.MAIL_FOLDER) / f"{time.time_ns()}.eml"
            path.write_bytes(message.message().as_bytes(linesep="\r\n"))
        return len(email_messages)
