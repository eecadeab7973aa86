"""Messages (消息): what the trail tells a person, in the inbox, by e-mail and by SMS, once each."""
