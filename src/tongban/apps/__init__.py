"""The rooms of the house, each a Django app; news travels uphill only as events on the trail."""
