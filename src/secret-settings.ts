/** Settings that hold secrets: code of jobs sees none of them. */
export const SECRET_SETTINGS = [
  "DATABASE_URL",
  "REDIS_URL",
  "ADMIN_TOKEN",
  "SECRET_KEY",
  "WEBHOOK_SECRET",
  "OIDC_CLIENT_SECRET",
] as const;

/** Secrets that `NAME_FILE` can give instead of `NAME`; `SECRET_KEY_FILE` is its own setting, since the server makes that file. */
export const FROM_FILES = ["DATABASE_URL", "REDIS_URL", "ADMIN_TOKEN", "WEBHOOK_SECRET", "OIDC_CLIENT_SECRET"] as const;
