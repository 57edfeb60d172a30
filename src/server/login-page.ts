/** The way in for people; works without any script. */
export function loginPage({ openId }: { readonly openId: boolean }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · orthanc-chest-ai</title>
<style>
:root { color-scheme: dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #14171a; color: #e6e9eb; font: 16px/1.5 system-ui, sans-serif; }
main { width: min(22rem, 90vw); padding: 1.5rem; background: #1d2226; border: 1px solid #363e45; border-radius: .5rem; }
h1 { margin: 0; font-size: 1.3rem; }
.notice { margin: .3rem 0 1rem; color: #ffd27a; }
label { display: block; margin-top: .75rem; }
input, button, .button { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; color: inherit; background: #14171a; border: 1px solid #6b7680; border-radius: .3rem; }
button, .button { display: block; margin-top: 1rem; background: #2b5c8a; text-align: center; text-decoration: none; cursor: pointer; }
</style>
</head>
<body>
<main>
<h1>orthanc-chest-ai</h1>
<p class="notice" role="note">Not for diagnosis.</p>
${openId ? '<a class="button" href="/api/login/oidc">Log in with your hospital account</a>' : ''}
<form method="post" action="/api/login">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>`;
}
