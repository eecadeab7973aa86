"""What tests share: a clock they hold, real servers, fresh databases."""
