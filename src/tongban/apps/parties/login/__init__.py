"""Signing in with a foreign provider (第三方登录): the interface, the plug-ins, the accounts."""
