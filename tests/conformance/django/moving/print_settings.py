import json; from django.conf import settings as s
print(json.dumps({n: getattr(s, n) for n in dir(s) if n.split('_')[0] in ('REST', 'SIMPLE', 'DJOSER', 'SECRET', 'DATABASES', 'AUTH', 'PASSWORD', 'EMAIL', 'CORS', 'TIME', 'DEFAULT')}, default=str, skipkeys=True))
