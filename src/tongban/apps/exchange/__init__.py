"""The exchange (数据交换): one verb that fetches facts from the departments that own them."""
