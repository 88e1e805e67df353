"""Recognize files that are likely to hold secrets; they are never put into a prompt or the index.

In: a path. Out: yes or no, from the name alone; the file is not opened.
No ignore file, setting or ``!pattern`` can remove a file from this list.
"""

import re
from fnmatch import translate
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
    },
)

# ``prod.secrets.json``, ``my-credentials.txt``, ``api_keys.yml``: data that says what it holds.
_DATA = re.compile(
    r"(?:auth\.json|(?:.*[-_.])?(?:credentials?|secrets?|api[-_.]?keys?)"
    r"\.(?:json|ya?ml|toml|ini|txt|csv|env|properties|xml))\Z"
)

_NAME = re.compile("|".join(map(translate, _NAMES)))
# Only at the start of a line: code may name the marker in a string.
_PRIVATE_KEY = re.compile(r"^\s*-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY", re.MULTILINE)

# Translated texts of a user interface, and Kubernetes objects that only refer to secrets.
_TRANSLATIONS = frozenset({"locales", "locale", "i18n", "l10n", "lang", "translations"})
_NO_SECRETS = re.compile(r"(?:external|sealed)-?secrets?\.ya?ml\Z")


def is_secret(path: PurePath | str) -> bool:
    """Whether the file at ``path`` is on the list, by its name or by a folder above it.

    Check a path through a symlink twice, as named and as resolved.
    """
    parts = str(path).replace("\\", "/").rstrip("/").lower().split("/")
    if not _FOLDERS.isdisjoint(parts):
        return True
    if _DATA.match(parts[-1]):
        return not _NO_SECRETS.match(parts[-1]) and _TRANSLATIONS.isdisjoint(parts[:-1])
    if _NAME.match(parts[-1]):
        return True
    return len(parts) > 1 and (parts[-2], parts[-1]) in _PLACES


def holds_private_key(text: str) -> bool:
    """Whether ``text`` begins like a private key, whatever its file is called.

    Only the first 1,000 characters are checked: a test that quotes a key further down is still code.
    """
    return bool(_PRIVATE_KEY.search(text, 0, 1000))
