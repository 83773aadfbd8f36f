"""A FastAPI application that protects one route with a token looked up by SQL, and one with a JWT checked by PyJWT."""

import os
import sqlite3
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

SECRET_KEY = os.environ["BENCH_SECRET_KEY"]
QUERY = """
    SELECT auth_user.id, auth_user.username, auth_user.is_active FROM authtoken_token
    JOIN auth_user ON auth_user.id = authtoken_token.user_id WHERE authtoken_token.key = ?
"""

app = FastAPI()
database = sqlite3.connect(os.environ["BENCH_DATABASE"], check_same_thread=False)


# Not handed to a thread: the look takes less time than the way there and back.
async def token_user(request: Request) -> tuple[Any, ...]:
    keyword, _, key = request.headers.get("authorization", "").partition(" ")
    row: tuple[Any, ...] | None = database.execute(QUERY, (key,)).fetchone() if keyword == "Token" else None
    if not row or not row[2]:
        raise HTTPException(401, "Invalid token.")
    return row


async def claims(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> dict[str, Any]:
    try:
        return jwt.decode(credentials.credentials, SECRET_KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "Token is invalid") from error


@app.get("/token")
async def by_token(_user: Annotated[tuple[Any, ...], Depends(token_user)]) -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/jwt")
async def by_jwt(_claims: Annotated[dict[str, Any], Depends(claims)]) -> dict[str, str]:
    return {"message": "Hello, World!"}
