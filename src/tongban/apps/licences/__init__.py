"""Electronic licences (电子证照): issue, supersede, revoke, and the numbers given with them."""
