"""People, companies, departments and the posts of officials (自然人、法人、部门、岗位)."""
