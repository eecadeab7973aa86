"""Single sign-on (统一身份认证): this installation as an OpenID Connect provider."""
