"""Coming in by an OpenID Connect provider, which the owner of the instance has named."""
