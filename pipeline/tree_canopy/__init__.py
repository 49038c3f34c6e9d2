"""From trees to shade: share of each car park under crowns, number and spread of trees."""
