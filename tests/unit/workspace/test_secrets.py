"""The list of secrets files: what is on it, and that source code is not."""

from pathlib import Path, PureWindowsPath

import pytest

from homebody.workspace.secrets import holds_private_key, is_secret

SECRET = [
    *(".env", ".env.local", ".env.production", ".envrc", "prod.env", ".ENV", "app/.Env.Test"),
    *("server.pem", "tls.KEY", "AuthKey_1.p8", "store.jks", "vault.kdbx", "client.ovpn"),
    *("id_rsa", "id_ed25519", "id_ed25519.pub", "id_rsa.old", "deploy/id_ecdsa"),
    *(".npmrc", ".pypirc", ".netrc", "_netrc", ".git-credentials", "pip.conf", ".yarnrc.yml"),
    *("credentials", "credentials.json", "Credentials.XML", "config/credentials.yml.enc"),
    *("secrets.yaml", "secrets.prod.yml", "secrets.json", "client_secret_42.json", "service-account.json"),
    *("terraform.tfstate", "terraform.tfstate.backup", "env/prod.tfvars", "kubeconfig", "dev.kubeconfig"),
    *(".ssh/config", "home/.aws/config", ".kube/config", ".docker/config.json", ".m2/settings.xml"),
    *(
        "my-credentials.json",
        "prod.secrets.json",
        "aws-credentials.txt",
        "application-secrets.yml",
        "rootkey.csv",
    ),
    *(
        "user-secrets.json",
        "db_secret.toml",
        "api_keys.txt",
        "ApiKey.txt",
        "rootkey.csv",
        "ann_accessKeys.csv",
    ),
    *(".dev.vars", ".dev.vars.staging", ".flaskenv", "firebase-adminsdk-x1.json", "p-firebase-adminsdk.json"),
    *(".bash_history", ".psql_history", ".pgpass", ".htpasswd", ".vault_pass.txt"),
    *(".git/config", "key.pem~", "key.pem.~1~", "tls.key.bak", "credentials.json.orig", ".secrets.toml.old"),
    *(".env.d/app", ".env.d/deep/app.conf", "#.env#", ".#.env", "#key.pem#", ".key.pem.swp"),
    *("id_rsa_work", "id_rsa_work.pub", "id_dsa_old", "client.ovpn.2", "vault.kdbx.tmp", "prod.env.bak~"),
]

NOT_SECRET = [
    *("secrets.py", "credentials.go", "kubeconfig.go", "passwords.py", "id_rsa_parser.py", "keys.ts"),
    *("environment.py", "env.py", "dotenv.js", "key.rs", "pem.c", "netrc.py", "tfstate.go"),
    *("config.json", "settings.xml", "docker/config.json", "secrets/store.py", "README.md", "ssl.crt"),
    *("my_credentials.py", "secrets_test.go", "user-secrets.ts", "api_keys.rb", "secretsmanager.json"),
    *("credentials-guide.md", "keys.json", "nosecrets.txt", "openapi_keys.json", "devvars.py"),
    *("shell_history.py", "gcloud/client.py", "test_credentials.rb", "package.json"),
]


@pytest.mark.parametrize("path", SECRET)
def test_a_file_that_holds_secrets_is_on_the_list(path):
    assert is_secret(path)
    assert is_secret(Path("/work/project") / path)


@pytest.mark.parametrize("path", NOT_SECRET)
def test_code_about_secrets_is_not_on_the_list(path):
    assert not is_secret(path)


def test_a_windows_path_is_understood_everywhere():
    assert is_secret(PureWindowsPath(r"C:\Users\ann\.ssh\config"))
    assert is_secret(r"C:\project\.env")


def test_a_private_key_is_known_by_its_first_line():
    assert holds_private_key("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl")
    assert holds_private_key("Bag Attributes\n-----BEGIN PRIVATE KEY-----\nMII")
    assert not holds_private_key("-----BEGIN CERTIFICATE-----\nMII")
    assert not holds_private_key("import ssl\n" * 200 + "KEY = '-----BEGIN PRIVATE KEY-----'\n")


KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"


@pytest.mark.parametrize(
    "text",
    [
        f'{{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\n{KEY}"}}',
        "x = 1\n" * 1000 + f'KEY = """-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n"""\n',
        "x = 1\n" * 1000 + f'KEY = ("-----BEGIN EC PRIVATE KEY-----\\n"\n    "{KEY}")\n',
        "x = 1\n" * 1000
        + f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\n{KEY}\n",
        "x = 1\n" * 1000 + f"# -----BEGIN PGP PRIVATE KEY BLOCK-----\n#\n# {KEY}\n",
        "x = 1\n" * 1000 + f"key: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  {KEY}\n",
    ],
)
def test_a_private_key_is_known_anywhere_by_its_header_and_its_first_characters(text: str):
    assert holds_private_key(text)


def test_a_hostile_file_of_headers_is_searched_in_linear_time():
    """Each header is followed by at most a hundred signs that may precede a key."""
    assert not holds_private_key(("x" * 2000) + "-----BEGIN PRIVATE KEY-----" + "\\" * 100_000)
    assert not holds_private_key(("x" * 2000) + ("-----BEGIN PRIVATE KEY-----" + "#" * 90 + "!") * 3000)


@pytest.mark.parametrize(
    "name",
    ["locales/en/auth.json", "src/i18n/api-keys.yml", "lang/credentials.json", "k8s/external-secrets.yaml"],
)
def test_names_that_only_mention_secrets_are_allowed(name: str):
    assert not is_secret(name)
