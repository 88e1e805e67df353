"""Recognises files that are likely to hold secrets; they are never put into a prompt or the index.

By the name alone; the file is not opened. No ignore file, setting or ``!pattern`` can remove a file from this
list.
"""

import re
from fnmatch import translate
from functools import lru_cache
from pathlib import PurePath

# Names as shell patterns, case-insensitive. Source code is not matched: secrets.py or kubeconfig.go are
# code about secrets, not secrets.
_NAMES = (
    # Environment files, whatever their suffix: even .env.example is often filled in.
    *(".env*", "*.env", "env.local"),
    # Private keys and the stores that hold them. Certificates (.crt, .cer) are public.
    *("*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.pkcs12", "*.ppk", "*.jks", "*.keystore", "*.bks"),
    *("id_rsa", "id_dsa", "id_ecdsa*", "id_ed25519*", "id_rsa.*", "id_rsa-*", "*.agekey", "*.gpg"),
    *("*.kdb", "*.kdbx", "*.keychain", "*.keychain-db", "*.mobileprovision", "*.ovpn"),
    # Tokens of package registries and command-line tools.
    *(".npmrc", ".yarnrc*", ".pypirc", "pip.conf", "pip.ini", ".gem_credentials", ".dockercfg"),
    *(".netrc", "_netrc", ".git-credentials", ".authinfo*", ".terraformrc", "terraform.rc", "*.tfrc.json"),
    *(".s3cfg", ".boto", ".sentryclirc", ".vault-token", ".rclone.conf", "rclone.conf"),
    *(".msmtprc", ".fetchmailrc", "application_default_credentials.json", "access_tokens.db"),
    # Databases and web servers.
    *(".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".htpasswd", "wp-config.php"),
    # Files whose name says that they hold secrets.
    *("credentials", "credentials.db", "*credentials*.enc", "secret", "secrets", "*.secret", "*.secrets"),
    *("secrets.*.y*ml", "secrets.*.json", "passwords.txt", "passwords.csv", "passwd", "shadow"),
    # Keys that cloud consoles export, and where cloud tools store them.
    *("rootkey.csv", "*accesskeys.csv", "*firebase-adminsdk*.json", ".dev.vars*", ".flaskenv"),
    *("client_secret*.json", "service-account*.json", "service_account*.json", "serviceaccount*.json"),
    *(".vault_pass*", "vault_pass", "vault_pass.txt", "local.settings.json", "settings-security.xml"),
    # Infrastructure: state files hold every value in clear text.
    *("*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json"),
    *("kubeconfig", "kubeconfig.y*ml", "kubeconfig.json", "*.kubeconfig"),
    # Histories of shells and editors, which may contain passwords.
    *(".*_history", ".viminfo"),
)

# Folders that are never read, and files that are secret only in one folder.
_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".password-store"})
_SECRET_FOLDER = re.compile(r"\.env(?:\..*|rc)?|\.envs?\.d|\.secrets?")
_PLACES = frozenset(
    {
        (".docker", "config.json"),
        (".cargo", "credentials.toml"),
        (".m2", "settings.xml"),
        (".gradle", "gradle.properties"),
        (".streamlit", "secrets.toml"),
        ("gh", "hosts.yml"),
        ("hub", "config"),
        ("doctl", "config.yaml"),
        (".git", "config"),
        (".git", "credentials"),
    },
)

_MOST_ENDINGS = 4
"""Endings of copies that are taken off a name, at most, and one for the name itself."""

# ``prod.secrets.json``, ``my-credentials.txt``, ``api_keys.yml``: data that says what it holds.
_DATA = re.compile(
    r"(?:auth\.json|(?:.*[-_.])?(?:credentials?|secrets?|api[-_.]?keys?)"
    r"\.(?:json|ya?ml|toml|ini|txt|csv|env|properties|xml))\Z"
)

_NAME = re.compile("|".join(map(translate, _NAMES)))

# ``id_rsa_work``, and not ``id_rsa_parser.py``.
_KEY_NAME = re.compile(r"id_(?:rsa|dsa)_[^.]*\Z")

# What editors and people add to the name of a copy.
_COPY = re.compile(
    r"\.?#(?P<locked>.+?)#?\Z"
    r"|(?P<saved>.+?)(?:(?:\.?~[0-9]+)?~|\.(?:bak|backup|old|orig|saved?|copy|tmp|sw[op]|rej|pub|[0-9]{1,3})"
    r"|[-_ ]copy)\Z"
)

# The header of a key, and the first characters of the key itself: code that only names the header is code.
# Line ends may be written out (``"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE…"``), lines quoted.
_HEADER = "-----BEGIN "
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:\\{1,2}[nr]|[\s\"'+,;\\#>|*/]|[A-Za-z-]{2,20}: [^\n]{0,80}\n){0,100}"
    r"[A-Za-z0-9+/=]{16}"
)
_BEGINS_WITH_KEY = re.compile(r"^\s*-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY", re.MULTILINE)
# What a diff puts before a line; a merge has two columns of marks.
_MARGIN = re.compile(r"^(?:[+\- ]{2}(?=-----BEGIN)|[+\- ])", re.MULTILINE)

# Translated texts of a user interface, and Kubernetes objects that only refer to secrets.
_TRANSLATIONS = frozenset({"locales", "locale", "i18n", "l10n", "lang", "translations"})
_NO_SECRETS = re.compile(r"(?:external|sealed)-?secrets?\.ya?ml\Z")


@lru_cache(maxsize=4096)
def is_secret(path: PurePath | str) -> bool:
    """Whether the file at ``path`` is on the list, by its name or by a folder above it.

    Copies that editors and people make count as well (``key.pem~``, ``.env.bak``, ``#.env#``). Check a path
    through a symlink once for each way to it.
    """
    parts = str(path).replace("\\", "/").rstrip("/").lower().split("/")
    if not _FOLDERS.isdisjoint(parts) or any(map(_SECRET_FOLDER.fullmatch, parts[:-1])):
        return True
    names = [parts[-1]]
    while len(names) < _MOST_ENDINGS and (copy := _COPY.fullmatch(names[-1])):
        names.append(copy["locked"] or copy["saved"])
    return any(_is_listed(name, parts[:-1]) for name in names)


def _is_listed(name: str, folders: list[str]) -> bool:
    if _DATA.match(name):
        return not _NO_SECRETS.match(name) and _TRANSLATIONS.isdisjoint(folders)
    return bool(_NAME.match(name) or _KEY_NAME.match(name)) or (
        bool(folders) and (folders[-1], name) in _PLACES
    )


def holds_private_key(text: str) -> bool:
    """Whether ``text`` contains a private key, or begins like one, whatever its file is called.

    Further down than the first 1,000 characters, the header alone is not enough: a test that quotes it is
    code.
    """
    if _HEADER not in text:
        return False
    return bool(_BEGINS_WITH_KEY.search(text, 0, 1000) or _PRIVATE_KEY.search(text))


def holds_key_anywhere(text: str) -> bool:
    """Whether a diff or pasted text contains a private key, or a line that begins like one, anywhere."""
    plain = _MARGIN.sub("", text)
    return any(_BEGINS_WITH_KEY.search(form) or _PRIVATE_KEY.search(form) for form in (plain, text))
