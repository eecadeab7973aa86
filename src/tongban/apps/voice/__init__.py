"""Voice: what people say of the service they had (好差评, GB/T 39735-2020), one word a matter."""
