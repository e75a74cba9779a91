train { minimize d over critic }
